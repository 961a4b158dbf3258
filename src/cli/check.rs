//! `latchkey check`: reports every fault of both files at once.

use super::{CONFIG, lines, say, tell};
use crate::config::{
    ConfigFault, FaultSeverity, policy,
    settings::{self, CheckedSettings},
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

const POLICY: &str = "policy.toml";
/// Not a fault, since each process gets its own URL from its own environment.
const NO_DATABASE: &str = "note: nothing here says where the database is; `latchkey migrate` needs it as its owner: set \
                           LATCHKEY_DATABASE__OWNER_URL, or `owner_url_file` in [database]";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The policy file [default: policy.toml]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// Prints the faults. The exit code is 1 if one is an error, or if there was no file to check. A file that was not
/// named and does not exist is skipped.
pub fn run(config: Option<&Path>, args: &Args) -> anyhow::Result<ExitCode> {
    let mut faults = Vec::new();
    let mut checked = Vec::new();
    let mut look =
        |named: Option<&Path>, default: &str, check: &mut dyn FnMut(&str, &str, &Path) -> Vec<ConfigFault>| {
            let path = named.unwrap_or(Path::new(default));
            let file = path.display().to_string();
            match std::fs::read_to_string(path) {
                Ok(text) => {
                    faults.extend(check(&file, &text, path.parent().unwrap_or(Path::new("."))));
                    checked.push(file);
                }
                Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let message = format!("the file cannot be read: {error}");
                    faults.push(ConfigFault {
                        file,
                        line: 0,
                        column: 0,
                        severity: FaultSeverity::Error,
                        message,
                        hint: None,
                    });
                }
            }
        };
    let mut without_database = false;
    look(config, CONFIG, &mut |file, text, folder| {
        let CheckedSettings { settings, faults } = settings::check(file, text, folder, settings::environment());
        without_database = settings.is_some_and(|settings| settings.database.has_no_url());
        faults
    });
    look(args.policy.as_deref(), POLICY, &mut |file, text, _| policy::check(file, text).faults);
    if !faults.is_empty() {
        tell(format_args!("{}", lines(&faults)));
    }
    let errors = faults.iter().filter(|fault| fault.is_error()).count();
    let warnings = faults.len() - errors;
    if errors > 0 {
        tell(format_args!("{errors} {}, {warnings} {}", plural(errors, "error"), plural(warnings, "warning")));
        return Ok(ExitCode::FAILURE);
    }
    if without_database {
        tell(format_args!("{NO_DATABASE}"));
    }
    // Warnings leave the files valid, even a rule that never works: no access comes of it, and the rest applies.
    let told = match warnings {
        0 => String::new(),
        _ => format!(", with {warnings} {}", plural(warnings, "warning")),
    };
    match checked.as_slice() {
        [] => {
            tell(format_args!("there is neither {CONFIG} nor {POLICY} here; name them with --config and --policy"));
            Ok(ExitCode::FAILURE)
        }
        [one] => {
            say(format_args!("{one} is valid{told}"))?;
            Ok(ExitCode::SUCCESS)
        }
        both => {
            say(format_args!("{} are valid{told}", both.join(" and ")))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}
