//! A Markdown page with the tables in it: all of the page, or what is between two marker lines of an older one.

const BEGIN: &str = "<!-- langevin bench: begin -->";
const END: &str = "<!-- langevin bench: end -->";

/// `previous` with `tables` between its markers; without markers, a page of nothing else.
pub(super) fn with_tables(previous: &str, tables: &str) -> String {
    let framed = format!("{BEGIN}\n\n{}\n\n{END}", tables.trim());
    let frame = previous.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    match frame {
        Some((before, after)) => format!("{before}{framed}{after}"),
        None => format!("{framed}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_the_markers_stays() {
        let page = format!("# Title\n\n{BEGIN}\nold\n{END}\n\nmore\n");
        let next = with_tables(&page, "\n|new|\n");
        assert_eq!(next, format!("# Title\n\n{BEGIN}\n\n|new|\n\n{END}\n\nmore\n"));
        assert_eq!(with_tables(&next, "|new|"), next);
    }

    #[test]
    fn other_pages_are_replaced() {
        for other in ["", "# Title\n", BEGIN, &format!("{END}\n{BEGIN}\n")] {
            assert_eq!(with_tables(other, "|new|"), format!("{BEGIN}\n\n|new|\n\n{END}\n"));
        }
    }
}
