//! The tables of `docs/solvers.md` and its Chinese page: made from the rows, and compared with what the pages say.

/// One method and what was measured of it; several numbers where several orders are.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) paper: &'static str,
    pub(super) evaluations: f64,
    pub(super) expected: Vec<f64>,
    pub(super) measured: Vec<f64>,
}

/// Least-squares slope of `−ln(error)` over `ln(count)`.
pub(super) fn order(errors: &[(f64, f64)]) -> f64 {
    let points: Vec<_> = errors.iter().map(|(n, error)| (n.ln(), -error.ln())).collect();
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let covariance: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    covariance / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
}

/// A table and where it stands: between `<!-- orders: NAME -->` and `<!-- end -->`.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) noise: Noise,
    /// Orders per row, in English and Chinese: what the numbers of `expected` and `measured` are.
    pub(super) orders: &'static [(&'static str, &'static str)],
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Noise {
    None,
    Fresh,
}

#[derive(Clone, Copy)]
pub(super) enum Language {
    English,
    Chinese,
}

impl Language {
    pub(super) const ALL: [Self; 2] = [Self::English, Self::Chinese];

    pub(super) fn page(self) -> &'static str {
        match self {
            Self::English => concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/solvers.md"),
            Self::Chinese => concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/solvers.zh-CN.md"),
        }
    }

    fn choose<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}

impl Table {
    pub(super) fn markdown(&self, language: Language) -> String {
        let columns = ["method", "evaluations per step", "stochastic", "paper, equation"];
        let chinese = ["方法", "每步评估次数", "随机", "论文与公式"];
        let mut heads: Vec<String> =
            columns.iter().zip(chinese).map(|(e, c)| language.choose(e, c).to_owned()).collect();
        for (english, chinese) in self.orders {
            for (e, c) in [("expected", "预期"), ("measured", "实测")] {
                let (what, which) = (language.choose(english, chinese), language.choose(e, c));
                heads.push(format!("{what} {which}").trim().to_owned());
            }
        }
        let stochastic = match self.noise {
            Noise::None => language.choose("no", "否"),
            Noise::Fresh => language.choose("yes", "是"),
        };
        let rule = "---".to_owned();
        let mut lines = vec![line(&heads), line(&vec![rule; heads.len()])];
        for row in &self.rows {
            let mut cells = vec![
                row.name.to_owned(),
                row.evaluations.to_string(),
                stochastic.to_owned(),
                row.paper.to_owned(),
            ];
            for (expected, measured) in row.expected.iter().zip(&row.measured) {
                cells.extend([expected.to_string(), format!("{measured:.2}")]);
            }
            lines.push(line(&cells));
        }
        lines.join("\n") + "\n"
    }

    /// The page with this table in its place.
    pub(super) fn put_into(&self, page: &str, language: Language) -> String {
        let start = format!("<!-- orders: {} -->\n", self.name);
        let (before, rest) = page.split_once(&start).expect("the page has a place for the table");
        let (_, after) = rest.split_once("<!-- end -->").expect("the table's place ends");
        format!("{before}{start}\n{}\n<!-- end -->{after}", self.markdown(language))
    }

    /// Whether the page's table has these rows, with measured numbers at most 0.02 away (two digits are printed).
    pub(super) fn check(&self, page: &str, language: Language) {
        let start = format!("<!-- orders: {} -->", self.name);
        let (_, rest) = page.split_once(&start).expect("the page has the table");
        let found = rest.split("<!-- end -->").next().unwrap_or_default().trim();
        let made = self.markdown(language);
        assert_eq!(found.lines().count(), made.lines().count(), "rows of table {}", self.name);
        for (found, made) in found.lines().zip(made.lines()) {
            let same = found.split('|').zip(made.split('|')).all(|(a, b)| {
                let numbers = a.trim().parse::<f64>().ok().zip(b.trim().parse::<f64>().ok());
                numbers.map_or(a.trim() == b.trim(), |(a, b)| (a - b).abs() < 0.02)
            });
            assert!(same, "the page says\n{found}\nbut what is measured is\n{made}");
        }
    }
}

fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}
