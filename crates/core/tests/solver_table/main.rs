//! The orders of convergence of all methods, measured, and compared with theory and with `docs/solvers.md`.
//!
//! After a change that moves them, `cargo test --release -p langevin-core --test solver_table -- --ignored` writes the
//! tables of both pages again.

mod affine;
mod integrators;
mod ode;
mod page;

use page::{Language, Noise, Table};

const STRONG_WEAK: &[(&str, &str)] = &[("strong order,", "强阶"), ("weak order,", "弱阶")];
const ORDER: &[(&str, &str)] = &[("", "")];

fn tables() -> Vec<Table> {
    vec![
        Table { name: "deterministic", noise: Noise::None, orders: ORDER, rows: ode::rows() },
        Table { name: "stochastic", noise: Noise::Fresh, orders: ORDER, rows: affine::rows() },
        Table {
            name: "predictors",
            noise: Noise::Fresh,
            orders: ORDER,
            rows: integrators::predictors(),
        },
        Table {
            name: "ordinary",
            noise: Noise::None,
            orders: ORDER,
            rows: integrators::ordinary(),
        },
        Table {
            name: "ito",
            noise: Noise::Fresh,
            orders: STRONG_WEAK,
            rows: integrators::stochastic(),
        },
    ]
}

/// Measured orders lie within 0.15 of theory: what a least-squares slope at finite steps is off by.
#[test]
fn orders_are_those_of_theory() {
    for row in tables().into_iter().flat_map(|table| table.rows) {
        for (expected, measured) in row.expected.iter().zip(&row.measured) {
            let close = (measured - expected).abs() < 0.15;
            assert!(close, "{} has order {measured}, not {expected}", row.name);
        }
    }
}

#[test]
fn the_pages_say_what_is_measured() {
    for language in Language::ALL {
        let page = std::fs::read_to_string(language.page()).unwrap();
        for table in tables() {
            table.check(&page, language);
        }
    }
}

#[test]
#[ignore = "writes the pages"]
fn write_the_pages() {
    for language in Language::ALL {
        let mut page = std::fs::read_to_string(language.page()).unwrap();
        for table in tables() {
            page = table.put_into(&page, language);
        }
        std::fs::write(language.page(), page).unwrap();
    }
}
