//! Rights that no request can use: they are never promised, new accesses with them wait, running ones go on.

use super::{PROD, World};
use crate::town::{Asking, POLICY, view};
use latchkey::web::AskForm;
use latchkey::{
    actions::requests::{self, NotSubmitted},
    config,
};
use latchkey_domain::plan::bootstrap;
use latchkey_simulator::kubernetes::{Failure, Pattern};

const ALWAYS: u32 = 1_000_000;

/// The town's policy with one more profile, of this rule.
fn with_rule(rule: &str) -> String {
    let profile =
        format!("[[profiles]]\nname = \"own\"\nscope = \"namespace\"\nrules = [{{ {rule} }}]\n\n[[policies]]");
    POLICY.replacen("[[policies]]", &profile, 1).replacen("profiles = [\"view\"]", "profiles = [\"view\", \"own\"]", 1)
}

fn own() -> AskForm {
    view().with("own")
}

impl World {
    /// A town with such a profile, whose cluster tells which kinds it serves.
    async fn with_rule(rule: &str) -> Self {
        Self::of_rule(Self::new().await, rule).await
    }

    /// The same, whose cluster never told which kinds it serves.
    async fn with_rule_of_unknown_kinds(rule: &str) -> Self {
        let mut world = Self::new().await;
        world.fail_discovery();
        // A process that has not seen the kinds yet.
        world.worker = world.next_worker();
        world.rests_are_over().await;
        Self::of_rule(world, rule).await
    }

    async fn of_rule(world: Self, rule: &str) -> Self {
        let policy = with_rule(rule);
        for object in bootstrap::manifests(&config::policy::parse(&policy).unwrap()) {
            world.objects(PROD).put_raw(object, "bootstrap").unwrap();
        }
        world.town.apply_policy(&policy).await;
        world.run().await;
        world
    }

    fn fail_discovery(&self) {
        for path in ["/api", "/apis"] {
            self.knobs(PROD).fail(Pattern::on("get", path), Failure::Internal, ALWAYS);
        }
    }

    /// From now on prod's API server tells which kinds it serves, and the worker looks.
    async fn tells_kinds(&self) {
        self.knobs(PROD).heal();
        self.rests_are_over().await;
        self.run().await;
    }
}

/// A kind in a group that does not have it, which is known only after the cluster told its kinds.
const MISPLACED: &str = r#"api_groups = [""], resources = ["deployments"], verbs = ["get", "list"]"#;

#[tokio::test]
async fn nobody_can_ask_for_what_never_works_and_is_told_what_that_is() {
    for (rule, said) in [
        (
            r#"api_groups = [""], resources = ["configmaps"], resource_names = ["a"], verbs = ["get", "create"]"#,
            "no name",
        ),
        (r#"api_groups = [""], resources = ["nodes"], verbs = ["get"]"#, "belongs to no namespace"),
        (r#"api_groups = ["apps/v1"], resources = ["deployments"], verbs = ["get"]"#, "`apps` is meant"),
        (r#"api_groups = ["apps"], resources = ["Deployment"], verbs = ["get"]"#, "by their plural"),
        (r#"api_groups = [""], resources = ["pods"], verbs = ["GET"]"#, "`get` is meant"),
        (MISPLACED, "another API group: `apps`"),
        (r#"api_groups = ["example.org"], resources = ["things"], verbs = ["get"]"#, "has no such API group"),
    ] {
        let world = World::with_rule(rule).await;
        let asked = requests::submit(&world.town.web, world.town.visitor("ana"), &own().wanted()).await;
        let Err(NotSubmitted::Problems(considered)) = asked else { panic!("{rule} can be asked for") };
        let told: Vec<&str> = considered.problems.iter().map(|problem| problem.sentence.as_str()).collect();
        assert!(told.iter().any(|told| told.contains(said) && told.contains("mend the profile")), "{rule}: {told:?}");
    }
}

#[tokio::test]
async fn what_was_approved_and_never_works_waits_and_is_not_proven() {
    let world = World::with_rule_of_unknown_kinds(MISPLACED).await;
    let grant = world.approved_ask("ana", &own()).await;
    world.knobs(PROD).heal();
    world
        .until_trouble(grant, "names what can never work on prod-eu: get and list deployments (it is in another")
        .await;
    assert_eq!(world.state(grant).await, "provisioning");
    assert!(world.bindings(PROD).is_empty(), "nothing is bound to what cannot be proven");
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
}

#[tokio::test]
async fn what_runs_keeps_its_proof_when_the_cluster_tells_that_it_never_works() {
    let world = World::with_rule_of_unknown_kinds(MISPLACED).await;
    let grant = world.approved_ask("ana", &own()).await;
    world.until(grant, "active").await;
    world.tells_kinds().await;
    assert_eq!(world.state(grant).await, "active");
    assert_eq!(world.trouble(grant).await, "");
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
}

#[tokio::test]
async fn a_kind_that_a_cluster_does_not_have_is_left_out_and_the_rest_is_proven() {
    let world = World::with_rule(
        r#"api_groups = ["", "argoproj.io"], resources = ["pods", "rollouts"], verbs = ["get", "list"]"#,
    )
    .await;
    let grant = world.approved_ask("ana", &own()).await;
    world.until(grant, "active").await;
    let proof: String =
        sqlx::query_scalar("select evidence::text from grant_leg where grant_id = $1 and target_kind = 'cluster'")
            .bind(grant.0)
            .fetch_one(world.town.owner.pool())
            .await
            .unwrap();
    assert!(proof.contains("list pods in namespace payments"), "{proof}");
    assert!(!proof.contains("rollouts"), "what nobody can ask for proves nothing: {proof}");
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
}
