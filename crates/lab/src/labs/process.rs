//! x

use crate::{Bench, Result};

pub(crate) fn run(_: &mut Bench<'_>) -> Result<()> {
    Ok(())
}
