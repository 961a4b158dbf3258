//! Commands that show what an access does: one that works, one that must fail.

use latchkey_domain::eks::rbac::{Attributes, Expectations};

/// A command that this access allows: a list where it allows one, else the question whether it is allowed.
pub fn works(expected: &Expectations) -> Option<String> {
    let lists = |question: &&Attributes| question.verb == "list" && is_plain(question);
    let pods = expected.can.iter().filter(lists).find(|question| question.resource == "pods");
    let question = pods.or_else(|| expected.can.iter().find(lists)).or_else(|| expected.can.first())?;
    Some(command(question))
}

/// A command that this access does not allow: secrets first, then the same as what works in another place.
pub fn must_fail(expected: &Expectations) -> Option<String> {
    let lists = |question: &&Attributes| question.verb == "list" && is_plain(question);
    let secrets = expected.cannot.iter().filter(lists).find(|question| question.resource == "secrets");
    let question = secrets.or_else(|| expected.cannot.iter().find(lists)).or_else(|| expected.cannot.first())?;
    Some(command(question))
}

fn is_plain(question: &Attributes) -> bool {
    question.subresource.is_empty()
        && question.name.is_empty()
        && question.non_resource_path.is_none()
        && is_word(&question.resource)
}

/// Names that need no quoting in a shell.
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
        // Of things without a namespace kubectl ignores the flag.
        return format!("kubectl get {thing}{place}");
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
    use latchkey_domain::eks::rbac::{Reach, Rule, expectations};

    fn expected(rules: &[Rule], reach: &Reach) -> Expectations {
        expectations(rules, reach, &["payments".to_owned(), "checkout".to_owned()])
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
    fn what_cannot_be_listed_is_asked_about() {
        let rules = [Rule::of(&["create"], &[""], &["pods/exec"])];
        let expected = expected(&rules, &Reach::Namespaces(vec!["payments".to_owned()]));
        let said = works(&expected).unwrap();
        assert_eq!(said, "kubectl auth can-i 'create' 'pods' --subresource exec --namespace payments");
    }
}
