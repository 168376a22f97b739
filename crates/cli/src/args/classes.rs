//! `--class`: one class, a list `0,3,7`, a range `0-9`, or a mixture of them.

use std::str::FromStr;

/// The classes of one `--class` argument, in the order written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Classes(pub(crate) Vec<u32>);

/// More classes than any model of the field has; a range beyond it is a slip of the finger.
const MOST: u32 = 100_000;

impl FromStr for Classes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            part.trim().parse::<u32>().ok().filter(|&class| class < MOST).ok_or_else(|| {
                format!("expected class numbers such as 3, 0,3,7 or 0-9, not '{part}'")
            })
        };
        let mut classes = Vec::new();
        for part in text.split(',') {
            match part.split_once('-') {
                None => classes.push(number(part)?),
                Some((first, last)) => {
                    let (first, last) = (number(first)?, number(last)?);
                    if first > last {
                        return Err(format!("the range {first}-{last} runs backwards"));
                    }
                    classes.extend(first..=last);
                }
            }
        }
        Ok(Self(classes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lists_and_ranges() {
        let parse = |text: &str| text.parse::<Classes>().map(|classes| classes.0);
        assert_eq!(parse("3"), Ok(vec![3]));
        assert_eq!(parse("7,0, 3"), Ok(vec![7, 0, 3]));
        assert_eq!(parse("2-4,9"), Ok(vec![2, 3, 4, 9]));
        for bad in ["", "x", "-1", "4-2", "1,,2", "1-", "0-4000000000"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
