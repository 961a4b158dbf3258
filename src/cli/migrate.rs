//! `latchkey migrate`: the schema, the two database roles, and their rights.

use super::{say, tell};
use crate::{
    config::Settings,
    store::{self, Migrated},
};
use std::process::ExitCode;

/// Runs the pending migrations as the schema's owner, and sets the session settings of the roles. It is idempotent.
/// Settings that the owner may not change are printed, and the command fails: without them no process uses the
/// database.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let migrated = store::migrate(settings.database.owner()?).await?;
    say(format_args!("the schema is at version {}", migrated.version))?;
    if let Some(text) = without_password(&migrated) {
        tell(format_args!("{text}"));
    }
    if migrated.to_run.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    tell(format_args!("the owner may not set what sessions of the roles need; an administrator has to run:"));
    for statement in migrated.to_run {
        say(format_args!("{statement};"))?;
    }
    Ok(ExitCode::FAILURE)
}

/// The statements that give the new roles a password: until then they cannot sign in.
fn without_password(migrated: &Migrated) -> Option<String> {
    let statements: Vec<String> =
        migrated.made.iter().map(|role| format!("\n    alter role {role} password '...';")).collect();
    let roles = migrated.made.join(" and ");
    let (have, none) =
        if migrated.made.len() == 1 { ("role", "it has no password") } else { ("roles", "they have no passwords") };
    (!statements.is_empty()).then(|| format!("made the {have} {roles}; {none} yet. Give one:{}", statements.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_that_were_made_need_a_password() {
        let migrated = Migrated { made: vec!["latchkey_web", "latchkey_worker"], ..Migrated::default() };
        let told = without_password(&migrated).unwrap();
        assert!(
            told.starts_with("made the roles latchkey_web and latchkey_worker; they have no passwords yet"),
            "{told}"
        );
        assert!(told.ends_with("\n    alter role latchkey_worker password '...';"), "{told}");
        assert_eq!(without_password(&Migrated::default()), None);
    }
}
