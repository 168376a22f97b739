//! The path of a parameter inside its module, kept while Burn walks the module.

/// Names of the modules entered and not yet left, `None` for those that add nothing to the name, and what each contains.
#[derive(Default)]
pub(super) struct Path(Vec<(Option<String>, String)>);

impl Path {
    /// Notes that a module was entered; Burn calls an enum's container `Enum:Name` and passes its variant as the name.
    pub(super) fn enter(&mut self, name: &str, container: &str) {
        let name = (!container.starts_with("Enum:")).then(|| name.to_owned());
        self.0.push((name, container.to_owned()));
    }

    /// Notes that the innermost module was left.
    pub(super) fn exit(&mut self) {
        self.0.pop();
    }

    /// The name of the parameter just reached.
    pub(super) fn name(&self) -> String {
        self.0.iter().filter_map(|(name, _)| name.as_deref()).collect::<Vec<_>>().join(".")
    }

    /// Burn's name for the kind of module that the parameter just reached is a field of: `Struct:Linear`.
    pub(super) fn container(&self) -> Option<&str> {
        self.0.last().map(|(_, container)| container.as_str())
    }
}
