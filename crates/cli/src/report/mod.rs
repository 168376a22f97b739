//! `report.html`: one self-contained page that says what was trained, what it draws and how good that is.
//! No script, no external resource; it follows the reader's light or dark setting and fits a phone.

mod curve;
mod escape;
mod figure;
pub(crate) mod run;
pub(crate) mod verdict;

use std::fmt::Write;

pub(crate) use figure::Figure;

use crate::report::escape::Escape;
use crate::report::verdict::Row;

/// The content of the page, in the order of the page; an empty part is left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// The heading.
    pub(crate) title: String,
    /// The first sentences.
    pub(crate) lead: String,
    /// The pictures that the finished model draws.
    pub(crate) samples: Vec<Figure>,
    /// How good they are.
    pub(crate) verdict: Vec<Row>,
    /// Pictures drawn during training, first to last.
    pub(crate) history: Vec<Figure>,
    /// The denoising as an animation.
    pub(crate) animation: Option<Figure>,
    /// (step, loss).
    pub(crate) loss: Vec<(f64, f64)>,
    /// (what, how much): time, speed, sizes.
    pub(crate) facts: Vec<(String, String)>,
    /// Commands that do it again.
    pub(crate) commands: Vec<String>,
    /// The configuration as TOML.
    pub(crate) configuration: String,
}

impl Report {
    /// The page as HTML.
    pub(crate) fn render(&self) -> Result<String, std::fmt::Error> {
        let mut html = String::new();
        let title = Escape(&self.title);
        writeln!(
            html,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <link rel=\"icon\" href=\"data:,\">\n<style>\n{}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
             <p class=\"lead\">{}</p>",
            include_str!("style.css"),
            Escape(&self.lead),
        )?;
        for figure in &self.samples {
            figure.render(&mut html, "")?;
        }
        self.verdict_table(&mut html)?;
        if !self.history.is_empty() {
            html.push_str("<h2>Samples over time</h2>\n<div class=\"row\">\n");
            for figure in &self.history {
                figure.render(&mut html, "")?;
            }
            html.push_str("</div>\n");
        }
        if let Some(figure) = &self.animation {
            html.push_str("<h2>From noise to picture</h2>\n");
            figure.render(&mut html, "small")?;
        }
        if self.loss.len() > 1 {
            html.push_str("<h2>Loss</h2>\n");
            curve::render(&mut html, &self.loss)?;
        }
        self.fact_table(&mut html)?;
        self.reproduction(&mut html)?;
        writeln!(html, "<footer>Written by langevin {}.</footer>", env!("CARGO_PKG_VERSION"))?;
        html.push_str("</main>\n</body>\n</html>\n");
        Ok(html)
    }

    fn verdict_table(&self, html: &mut String) -> std::fmt::Result {
        if self.verdict.is_empty() {
            return Ok(());
        }
        html.push_str(
            "<h2>Verdict</h2>\n<table class=\"verdict\">\n<thead><tr><th scope=\"col\">Measure</th>\
             <th scope=\"col\" class=\"number\">Model</th><th scope=\"col\" class=\"number\">Real data</th></tr></thead>\n\
             <tbody>\n",
        );
        for row in &self.verdict {
            writeln!(
                html,
                "<tr><th scope=\"row\">{}<small>{}</small></th><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
                Escape(row.name),
                Escape(row.meaning),
                Escape(&row.value),
                Escape(row.floor.as_deref().unwrap_or("–")),
            )?;
        }
        html.push_str("</tbody>\n</table>\n");
        Ok(())
    }

    fn fact_table(&self, html: &mut String) -> std::fmt::Result {
        if self.facts.is_empty() {
            return Ok(());
        }
        html.push_str("<h2>Time and size</h2>\n<table class=\"facts\">\n<tbody>\n");
        for (what, how_much) in &self.facts {
            let (what, how_much) = (Escape(what), Escape(how_much));
            writeln!(
                html,
                "<tr><th scope=\"row\">{what}</th><td class=\"number\">{how_much}</td></tr>"
            )?;
        }
        html.push_str("</tbody>\n</table>\n");
        Ok(())
    }

    fn reproduction(&self, html: &mut String) -> std::fmt::Result {
        if !self.commands.is_empty() {
            writeln!(
                html,
                "<h2>Do it again</h2>\n<pre>{}</pre>",
                Escape(&self.commands.join("\n"))
            )?;
        }
        if !self.configuration.is_empty() {
            let configuration = Escape(self.configuration.trim_end());
            writeln!(
                html,
                "<details><summary>Configuration</summary><pre>{configuration}</pre></details>"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_no_external_resource_and_escapes_what_it_is_given() {
        let report = Report {
            title: "a <b>".to_owned(),
            loss: vec![(1.0, 1.0), (2.0, 0.5)],
            commands: vec!["langevin sample 'x' && true".to_owned()],
            ..Report::default()
        };
        let html = report.render().expect("a string takes all");
        assert!(html.contains("<h1>a &lt;b&gt;</h1>"));
        assert!(html.contains("&#39;x&#39; &amp;&amp; true"));
        for external in ["http:", "https:", "src=\"//", "@import", "<script"] {
            assert!(!html.contains(external), "{external}");
        }
    }
}
