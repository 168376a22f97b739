//! Cases that people write, and properties of any text.

use proptest::prelude::*;

use super::*;

fn read(prompt: &str) -> Vec<(String, f64)> {
    phrases(prompt).into_iter().map(|phrase| (phrase.text, phrase.weight)).collect()
}

#[test]
fn brackets_are_weights() {
    let case = |prompt: &str, expected: &[(&str, f64)]| {
        let found = read(prompt);
        let texts: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
        let wanted: Vec<&str> = expected.iter().map(|(text, _)| *text).collect();
        assert_eq!(texts, wanted, "{prompt}");
        for ((_, found), (_, wanted)) in found.iter().zip(expected) {
            assert!((found - wanted).abs() < 1e-12, "{prompt}: {found}, not {wanted}");
        }
    };
    case("", &[]);
    case("a red fox", &[("a red fox", 1.0)]);
    case("a (red) fox", &[("a ", 1.0), ("red", 1.1), (" fox", 1.0)]);
    case("a (red:1.3) fox", &[("a ", 1.0), ("red", 1.3), (" fox", 1.0)]);
    case("(red: 0.5 )", &[("red", 0.5)]);
    case("((red))", &[("red", 1.1 * 1.1)]);
    case("[red]", &[("red", 1.0 / 1.1)]);
    case("(a [b] c:2)", &[("a ", 2.0), ("b", 2.0 / 1.1), (" c", 2.0)]);
    case("(a (b:3):2)", &[("a ", 2.0), ("b", 6.0)]);
    case(r"\(red\)", &[("(red)", 1.0)]);
    case(r"a \\ b \n", &[(r"a \ b \n", 1.0)]);
    case("(red", &[("red", 1.1)]);
    case("red)", &[("red)", 1.0)]);
    case("a:2) b", &[("a:2) b", 1.0)]);
    case("(at 12:30)", &[("at 12", 30.0)]);
    case("(ratio 1:x)", &[("ratio 1:x", 1.1)]);
    case("(x:-1)", &[("x", -1.0)]);
}

proptest! {
    #[test]
    fn any_text_is_read(prompt in any::<String>()) {
        phrases(&prompt);
    }

    #[test]
    fn brackets_in_any_order_are_read(prompt in r"[()\[\]\\:0-9. ab]{0,40}") {
        for phrase in phrases(&prompt) {
            prop_assert!(!phrase.text.is_empty() && phrase.text.len() <= prompt.len());
        }
    }

    #[test]
    fn text_without_brackets_is_itself(prompt in r"[^()\[\]\\]{1,40}") {
        prop_assert_eq!(read(&prompt), [(prompt, 1.0)]);
    }

    #[test]
    fn escaped_text_is_itself(text in r"[()\[\]\\ab: ]{1,20}") {
        let escaped: String = text
            .chars()
            .flat_map(|c| "()[]\\".contains(c).then_some('\\').into_iter().chain([c]))
            .collect();
        prop_assert_eq!(read(&escaped), [(text, 1.0)]);
    }

    #[test]
    fn a_weight_is_what_is_written(text in "[a-z ]{1,20}", weight in 0.01..10.0f64) {
        prop_assert_eq!(read(&format!("({text}:{weight})")), [(text, weight)]);
    }
}
