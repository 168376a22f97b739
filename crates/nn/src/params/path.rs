//! The path of a parameter inside its module, kept while Burn walks the module.

/// Names of the modules entered and not yet left; `None` for those that add nothing to the name.
#[derive(Default)]
pub(super) struct Path(Vec<Option<String>>);

impl Path {
    /// Notes that a module was entered; Burn calls an enum's container `Enum:Name` and passes its variant as the name.
    pub(super) fn enter(&mut self, name: &str, container: &str) {
        self.0.push((!container.starts_with("Enum:")).then(|| name.to_owned()));
    }

    /// Notes that the innermost module was left.
    pub(super) fn exit(&mut self) {
        self.0.pop();
    }

    /// The name of the parameter just reached.
    pub(super) fn name(&self) -> String {
        self.0.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(".")
    }
}
