//! A table as Markdown, which reads in a terminal too.

/// Rows of cells under a heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new<S: ToString>(heading: &[S]) -> Self {
        Self { heading: heading.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Markdown with columns of even width.
    pub fn markdown(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().chain([&self.heading]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heading.len()).map(width).collect();
        let line = |cells: &[String]| {
            let padded = widths
                .iter()
                .enumerate()
                .map(|(i, width)| format!(" {:<width$} ", cells.get(i).map_or("", String::as_str)));
            format!("|{}|\n", padded.collect::<Vec<_>>().join("|"))
        };
        let rule: String = widths.iter().map(|w| format!("|{}", "-".repeat(w + 2))).collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}{rule}|\n{rows}", line(&self.heading))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_even() {
        let mut table = Table::new(&["n", "error"]);
        table.row(vec!["10".to_owned(), "1e-3".to_owned()]);
        assert_eq!(table.markdown(), "| n  | error |\n|----|-------|\n| 10 | 1e-3  |\n");
    }
}
