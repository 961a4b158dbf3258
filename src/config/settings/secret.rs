//! Secrets: from a file that is named, or from the environment; never written into latchkey.toml.

use super::super::reader::{Collector, Given, Section};
use secrecy::SecretString;
use std::path::Path;
use url::Url;

/// Reads `key`, or the file that `key_file` names. The environment goes before latchkey.toml. A file that cannot be
/// read is a warning: whoever needs the secret fails for want of it, and others need not see it at all.
pub(super) fn read(
    section: &mut Section<'_>,
    (key, key_file): (&'static str, &'static str),
    folder: &Path,
    inline: impl FnOnce(&str) -> Result<(), String>,
    faults: &mut Collector<'_>,
) -> Option<SecretString> {
    let overridden = section.overridden(key).is_some();
    let both = section.has(key) && section.has(key_file);
    let file_overridden = section.overridden(key_file).is_some();
    let text = section.text(key, faults);
    let file = section.text(key_file, faults);
    if both && overridden == file_overridden {
        let place = file.as_ref().map_or(&section.place, |file| &file.place);
        faults.error(place, format!("both `{key}` and `{key_file}` are given"), Some("keep one of them".to_owned()));
    }
    match (text, file) {
        (Some(Given { value, .. }), _) if overridden => Some(value.into()),
        (_, Some(file)) => {
            let path = folder.join(file.value);
            match std::fs::read_to_string(&path) {
                Ok(secret) => Some(secret.trim_end_matches(['\n', '\r']).into()),
                Err(error) => {
                    faults.warning(&file.place, format!("the file {} cannot be read: {error}", path.display()), None);
                    None
                }
            }
        }
        (Some(Given { value, place }), None) => match inline(value) {
            Ok(()) => Some(value.into()),
            Err(why) => {
                let hint = format!("name a file by `{key_file}`, or set {}", variable(&section.title, key));
                faults.error(&place, why, Some(hint));
                None
            }
        },
        (None, None) => None,
    }
}

/// The variable that overrides a key of a section.
fn variable(title: &str, key: &str) -> String {
    format!("LATCHKEY_{}__{}", title.trim_matches(['[', ']']), key).to_uppercase()
}

/// A secret may not stand in latchkey.toml at all.
pub(super) fn never(_: &str) -> Result<(), String> {
    Err("a secret does not belong into this file".to_owned())
}

/// A database URL may, as long as it carries no password.
pub(super) fn without_password(url: &str) -> Result<(), String> {
    match Url::parse(url) {
        Ok(url) if url.password().is_some() || url.query_pairs().any(|(key, _)| key == "password") => {
            Err("a database URL with a password does not belong into this file".to_owned())
        }
        Ok(url) if matches!(url.scheme(), "postgres" | "postgresql") => Ok(()),
        Ok(_) | Err(_) => Err("this is no URL of PostgreSQL, such as postgres://latchkey_web@db/latchkey".to_owned()),
    }
}
