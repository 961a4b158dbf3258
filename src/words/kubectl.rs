//! Commands that show the effect of an access: one that works, one that must fail.

use latchkey_domain::eks::rbac::{Attributes, Expectations};

/// A command that this access allows: a list if it allows one, else reading one object by its name, else asking whether
/// the access allows something.
pub fn works(expected: &Expectations) -> Option<String> {
    let lists = |question: &&Attributes| question.verb == "list" && is_plain(question);
    let reads = |question: &&Attributes| question.verb == "get" && is_one(question);
    let finds = |question: &&Attributes| question.verb == "list" && is_one(question);
    let pods = expected.can.iter().filter(lists).find(|question| question.resource == "pods");
    let question = pods.or_else(|| expected.can.iter().find(lists)).or_else(|| expected.can.iter().find(reads));
    let question = question.or_else(|| expected.can.iter().find(finds)).or_else(|| expected.can.first())?;
    Some(command(question))
}

/// A command that this access does not allow: listing secrets first, then another list, then any question.
pub fn must_fail(expected: &Expectations) -> Option<String> {
    let lists = |question: &&Attributes| question.verb == "list" && is_plain(question);
    let secrets = expected.cannot.iter().filter(lists).find(|question| question.resource == "secrets");
    let question = secrets.or_else(|| expected.cannot.iter().find(lists)).or_else(|| expected.cannot.first())?;
    Some(command(question))
}

/// What is known of whether the command of [`works`] works for an active access: `is_proven` unless what was seen since
/// its last proof speaks against it.
pub fn works_said(is_proven: bool) -> &'static str {
    if is_proven {
        "This was proven to work"
    } else {
        "This is what the access is for; whether it works now is not known"
    }
}

/// What is known of the command of [`must_fail`], if nothing else may allow it.
pub const MUST_FAIL_SAID: &str = "This access does not allow this: it must be refused";

fn is_plain(question: &Attributes) -> bool {
    question.subresource.is_empty()
        && question.name.is_empty()
        && question.non_resource_path.is_none()
        && is_word(&question.resource)
}

/// Whether the question is about one object, by its name.
fn is_one(question: &Attributes) -> bool {
    question.subresource.is_empty()
        && question.non_resource_path.is_none()
        && is_word(&question.resource)
        && is_word(&question.name)
}

/// Whether a name needs no quoting in a shell.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

fn command(question: &Attributes) -> String {
    if let Some(path) = &question.non_resource_path {
        return format!("kubectl auth can-i {} '{path}'", question.verb);
    }
    let mut thing = question.resource.clone();
    if !question.group.is_empty() && question.group != "*" {
        thing = format!("{thing}.{}", question.group);
    }
    let place = if question.namespace.is_empty() {
        " --all-namespaces".to_owned()
    } else {
        format!(" --namespace {}", question.namespace)
    };
    if question.verb == "list" && is_plain(question) {
        // For kinds without a namespace kubectl ignores the flag.
        return format!("kubectl get {thing}{place}");
    }
    if question.verb == "get" && is_one(question) {
        return format!(
            "kubectl get {thing} {}{}",
            question.name,
            if question.namespace.is_empty() { "" } else { &place }
        );
    }
    if question.verb == "list" && is_one(question) {
        // Listing without a name is refused, so the name is a field selector.
        return format!("kubectl get {thing} --field-selector metadata.name={}{place}", question.name);
    }
    let mut text = format!("kubectl auth can-i '{}' '{thing}'", question.verb);
    if !question.name.is_empty() {
        text = format!("kubectl auth can-i '{}' '{thing}/{}'", question.verb, question.name);
    }
    if !question.subresource.is_empty() {
        text.push_str(" --subresource ");
        text.push_str(&question.subresource);
    }
    text.push_str(&place);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_domain::eks::rbac::{Kinds, Reach, Rule, expectations};

    fn expected(rules: &[Rule], reach: &Reach) -> Expectations {
        expectations(rules, reach, &["payments".to_owned(), "checkout".to_owned()], &Kinds::default())
    }

    #[test]
    fn a_reader_of_one_namespace_lists_pods_and_no_secrets() {
        let rules = [Rule::of(&["get", "list", "watch"], &["", "apps"], &["pods", "deployments"])];
        let expected = expected(&rules, &Reach::Namespaces(vec!["payments".to_owned()]));
        assert_eq!(works(&expected).unwrap(), "kubectl get pods --namespace payments");
        assert_eq!(must_fail(&expected).unwrap(), "kubectl get secrets --namespace payments");
    }

    #[test]
    fn whoever_may_do_everything_is_promised_no_refusal() {
        let rules = [Rule::of(&["*"], &["*"], &["*"])];
        let expected = Expectations { cannot: vec![], ..expected(&rules, &Reach::Cluster) };
        assert_eq!(must_fail(&expected), None);
        assert!(works(&expected).unwrap().starts_with("kubectl get pods"));
    }

    #[test]
    fn what_is_allowed_by_name_is_read_by_name() {
        let named = |verbs: &[&str]| Rule {
            resource_names: vec!["settings".to_owned()],
            ..Rule::of(verbs, &[""], &["configmaps"])
        };
        let works = |verbs: &[&str]| {
            let reach = Reach::Namespaces(vec!["payments".to_owned()]);
            works(&expected(&[named(verbs)], &reach)).unwrap()
        };
        assert_eq!(works(&["get", "list"]), "kubectl get configmaps settings --namespace payments");
        assert_eq!(
            works(&["list"]),
            "kubectl get configmaps --field-selector metadata.name=settings --namespace payments"
        );
        // A create request carries no name, so another verb is shown.
        assert_eq!(works(&["create", "get"]), "kubectl get configmaps settings --namespace payments");
    }

    #[test]
    fn what_cannot_be_listed_is_asked_about() {
        let rules = [Rule::of(&["create"], &[""], &["pods/exec"])];
        let expected = expected(&rules, &Reach::Namespaces(vec!["payments".to_owned()]));
        let said = works(&expected).unwrap();
        assert_eq!(said, "kubectl auth can-i 'create' 'pods' --subresource exec --namespace payments");
    }
}
