//! What the proof of a leg saw, as its row keeps it.

use super::{blocker::Blocker, residual::Residual, sighting::Sighting};
use serde::Serialize;
use serde_json::Value;

/// What the proof of a leg saw. The same struct writes and reads the JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The API server's answers about an access that is present.
    #[serde(flatten)]
    pub answers: Option<Answers>,
    /// The questions that were asked about an access that ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Vec<String>>,
    /// Whether the whole cluster was gone, so that nothing was asked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cluster_gone: bool,
    /// What was seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Sighting>,
    /// What else says yes; `None` if the proof does not tell.
    #[serde(rename = "beside", skip_serializing_if = "Option::is_none")]
    pub residual: Option<Vec<Residual>>,
    /// What the access allows beyond what was decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wider: Vec<Blocker>,
}

/// Evidence with a sentence for each sighting and residual: the audit log keeps the sentences of an end, and earlier
/// versions read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptEvidence<'a> {
    #[serde(flatten)]
    evidence: &'a Evidence,
    said: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    residual: Option<Vec<String>>,
}

/// What the API server answered about a user, question by question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Answers {
    pub username: String,
    pub allowed: Vec<String>,
    /// The questions that had to be refused, and were.
    pub refused: Vec<String>,
    /// The questions that had to be refused, but that another binding or entry allows.
    pub wrongly_allowed: Vec<String>,
}

impl Evidence {
    /// Evidence that consists of one sighting.
    pub fn of(seen: Sighting) -> Self {
        Self { seen: vec![seen], residual: Some(Vec::new()), ..Self::default() }
    }

    /// Whether it tells what was seen. A proof without that is not known to be one.
    pub fn tells(&self) -> bool {
        self.answers.is_some() || self.asked.is_some() || self.cluster_gone || !self.seen.is_empty()
    }

    /// The form that its row keeps.
    pub fn kept(&self, seen: impl Fn(&Sighting) -> String, beside: impl Fn(&Residual) -> String) -> KeptEvidence<'_> {
        let residual = self.residual.as_ref().map(|residual| residual.iter().map(beside).collect());
        KeptEvidence { evidence: self, said: self.seen.iter().map(seen).collect(), residual }
    }

    /// Reads the JSON of a row, as far as this version knows it. A part of another form is left out.
    pub fn read(value: &Value) -> Self {
        let texts = |key: &str| {
            let list = value.get(key)?.as_array()?;
            Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>())
        };
        let residual = value.get("beside").or_else(|| value.get("residual")).and_then(Value::as_array);
        let wider = value.get("wider").and_then(Value::as_array);
        let answers = texts("allowed").zip(texts("refused")).map(|(allowed, refused)| Answers {
            username: value.get("username").and_then(Value::as_str).unwrap_or_default().to_owned(),
            allowed,
            refused,
            wrongly_allowed: texts("wrongly_allowed").unwrap_or_default(),
        });
        Self {
            answers,
            asked: texts("asked"),
            cluster_gone: value.get("cluster_gone").and_then(Value::as_bool).unwrap_or_default(),
            seen: Self::seen(value),
            residual: residual.map(|list| list.iter().cloned().map(Residual::read).collect()),
            wider: wider.map(|list| list.iter().cloned().map(Blocker::read).collect()).unwrap_or_default(),
        }
    }

    /// The sightings of a row. One that this version does not know is the sentence that is stored beside it.
    fn seen(value: &Value) -> Vec<Sighting> {
        let list = |key: &str| value.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let (seen, said) = (list("seen"), list("said"));
        if seen.is_empty() {
            return said.iter().cloned().map(Sighting::read).collect();
        }
        let read = |(at, value): (usize, &Value)| match (Sighting::read(value.clone()), said.get(at)) {
            (Sighting::OfLaterVersion { .. }, Some(Value::String(text))) => Sighting::Said { text: text.clone() },
            (seen, _) => seen,
        };
        seen.iter().enumerate().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(evidence: &Evidence) -> Value {
        let seen = |seen: &Sighting| match seen {
            Sighting::Said { text } => text.clone(),
            other => format!("{other:?}"),
        };
        let beside = |residual: &Residual| match residual {
            Residual::Said { text } => text.clone(),
            other => format!("{other:?}"),
        };
        serde_json::to_value(evidence.kept(seen, beside)).unwrap()
    }

    #[test]
    fn what_rows_have_is_read_as_it_was_written_and_written_in_the_same_form() {
        for stored in [
            json!({ "username": "latchkey:ana:1", "allowed": ["get pods"], "refused": ["get secrets"],
                    "wrongly_allowed": [], "seen": [{ "code": "nothing_labelled" }], "said": ["NothingLabelled"], "beside": [{ "code": "iam_not_asked" }],
                    "residual": ["IamNotAsked"] }),
            json!({ "asked": ["get pods"], "seen": [{ "code": "said", "text": "it is gone" }], "said": ["it is gone"], "beside": [], "residual": [] }),
            json!({ "cluster_gone": true, "seen": [{ "code": "arn_unreadable" }], "said": ["ArnUnreadable"], "beside": [], "residual": [] }),
            json!({ "said": [], "wider": [{ "code": "allows_more", "cluster": "prod", "role": "view",
                    "added": { "first": ["get secrets"], "more": 0 } }] }),
        ] {
            assert_eq!(kept(&Evidence::read(&stored)), stored);
        }
    }

    #[test]
    fn evidence_of_nothing_tells_nothing() {
        assert!(!Evidence::read(&json!({})).tells());
        assert!(!Evidence::read(&json!({ "wider": [], "beside": [] })).tells());
        assert!(Evidence::read(&json!({ "said": ["it is there"] })).tells());
        assert!(Evidence::of(Sighting::NothingLabelled {}).tells());
    }

    #[test]
    fn what_an_earlier_version_said_is_read_as_that_text() {
        let before = json!({ "said": ["it is there"], "residual": ["RoleBinding x allows it."] });
        let read = Evidence::read(&before);
        assert_eq!(read.residual, Some(vec![Residual::Said { text: "RoleBinding x allows it.".to_owned() }]));
        assert_eq!(read.seen, [Sighting::Said { text: "it is there".to_owned() }]);
        let again = json!({ "seen": [{ "code": "said", "text": "it is there" }], "said": ["it is there"], "beside": [{ "code": "said", "text": "RoleBinding x allows it." }],
                            "residual": ["RoleBinding x allows it."] });
        assert_eq!(kept(&read), again);
    }

    #[test]
    fn a_sighting_of_a_later_version_is_told_by_its_sentence() {
        let later =
            json!({ "seen": [{ "code": "nothing_labelled" }, { "code": "node_seen" }], "said": ["one", "two"] });
        let told = Sighting::Said { text: "two".to_owned() };
        assert_eq!(Evidence::read(&later).seen, [Sighting::NothingLabelled {}, told]);
    }

    #[test]
    fn what_is_of_another_form_is_left_out_and_stops_nothing() {
        for stored in [json!(null), json!([]), json!("x"), json!({ "allowed": 7, "refused": {}, "said": "x" })] {
            assert_eq!(Evidence::read(&stored), Evidence::default());
        }
        let mixed = json!({ "said": ["one", 2, ["three"]], "later": {} });
        let named = |named: &str| Sighting::OfLaterVersion { named: named.to_owned() };
        assert_eq!(
            Evidence::read(&mixed).seen,
            [Sighting::Said { text: "one".to_owned() }, named(""), named("")],
            "what it does not know is told, and not left out"
        );
    }
}
