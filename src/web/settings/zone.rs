//! Finds the time zone that a person typed: its name, or only its city.

use crate::config::nearest;
use jiff::tz::TimeZone;

/// Why a text does not name one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoZone {
    /// Each of these matches.
    Several(Vec<String>),
    /// None has that name; these have similar names.
    Unknown(Vec<String>),
}

/// In characters; the longest name has 32.
pub const LONGEST: usize = 60;

/// The most similar zones that are named if none matches.
const NEAR: usize = 4;

/// The zone with this name or city, as the IANA spells it; `None` for an empty text. Case does not matter, and spaces
/// may stand for underscores.
///
/// # Errors
/// See [`NoZone`].
pub fn find(typed: &str) -> Result<Option<String>, NoZone> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    if typed.chars().count() > LONGEST || typed.contains(char::is_control) {
        return Err(NoZone::Unknown(Vec::new()));
    }
    if let Ok(zone) = TimeZone::get(typed) {
        return Ok(Some(zone.iana_name().unwrap_or(typed).to_owned()));
    }
    choose(typed, &offered()).map(Some)
}

fn choose(typed: &str, names: &[String]) -> Result<String, NoZone> {
    let typed = folded(typed);
    let mut found: Vec<String> =
        names.iter().filter(|name| folded(name) == typed || city(name) == typed).cloned().collect();
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => return Ok(one),
        (Some(last), false) => {
            found.push(last);
            return Err(NoZone::Several(found));
        }
        (None, _) => {}
    }
    let mut near: Vec<String> =
        names.iter().filter(|name| typed.len() > 2 && city(name).contains(&typed)).take(NEAR).cloned().collect();
    if near.is_empty() {
        let cities: Vec<String> = names.iter().map(|name| city(name)).collect();
        let slip = nearest(&typed, cities.iter().map(String::as_str));
        near = names.iter().filter(|name| Some(city(name).as_str()) == slip).take(NEAR).cloned().collect();
    }
    Err(NoZone::Unknown(near))
}

/// The zones that are offered: places, and UTC. Old names of zones are found only if the whole name is typed.
pub fn offered() -> Vec<String> {
    let is_place = |name: &str| {
        name == "UTC" || (name.contains('/') && !name.starts_with("Etc/") && !name.starts_with("SystemV/"))
    };
    jiff::tz::db().available().map(|name| name.to_string()).filter(|name| is_place(name)).collect()
}

/// In lower case, with one space between words.
fn folded(name: &str) -> String {
    let spaced = name.to_lowercase().replace(['_', '-'], " ");
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn city(name: &str) -> String {
    folded(name.rsplit('/').next().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(typed: &str) -> Result<String, NoZone> {
        let names = ["America/Indiana/Knox", "America/New_York", "America/Port-au-Prince", "Europe/Berlin", "US/Knox"];
        choose(typed, &names.map(str::to_owned))
    }

    #[test]
    fn a_city_names_its_zone_and_what_names_several_or_none_says_which_may_be_meant() {
        assert_eq!(chosen("BERLIN").unwrap(), "Europe/Berlin");
        assert_eq!(chosen("port au prince").unwrap(), "America/Port-au-Prince");
        assert_eq!(chosen("america/new  york").unwrap(), "America/New_York");
        let several = ["America/Indiana/Knox", "US/Knox"].map(str::to_owned).to_vec();
        assert_eq!(chosen("Knox"), Err(NoZone::Several(several)));
        assert_eq!(chosen("york"), Err(NoZone::Unknown(vec!["America/New_York".to_owned()])));
        assert_eq!(chosen("berlim"), Err(NoZone::Unknown(vec!["Europe/Berlin".to_owned()])));
        assert_eq!(chosen("Atlantis"), Err(NoZone::Unknown(vec![])));
        assert_eq!(chosen("or"), Err(NoZone::Unknown(vec![])), "two letters are in too many names");
    }
}
