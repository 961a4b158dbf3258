//! What Latchkey expects of a Kubernetes API server. Each expectation runs against the simulator and against a real
//! kube-apiserver with the controllers for namespaces and aggregated roles.

mod access;
mod client;
mod objects;
mod rbac;
mod writes;

use client::Cluster;
use latchkey_simulator::kubernetes::{Identify, Seed, Server, ServerConfig};
use latchkey_testkit::ACCOUNT;
use std::sync::Arc;

/// Every expectation as a test of its own on each server, and all of them in a row as [`run_all`].
macro_rules! expectations {
    ($($file:ident: $($name:ident),+ $(,)?;)+) => {
        /// Runs the whole suite; `client` must be in `system:masters`.
        #[allow(dead_code, reason = "for servers that a test starts by itself")]
        pub async fn run_all(client: kube::Client) {
            $($($file::$name(Cluster::new(client.clone()).await).await;)+)+
        }

        mod on_the_simulator {
            $($(#[tokio::test]
            async fn $name() {
                let (server, client) = super::simulator().await;
                super::$file::$name(super::Cluster::new(client).await).await;
                server.shutdown();
            })+)+
        }

        mod on_a_real_api_server {
            $($(#[tokio::test]
            async fn $name() {
                let Some(real) = crate::rig::RealCluster::shared().await else { return };
                super::$file::$name(super::Cluster::new(real.admin()).await).await;
            })+)+
        }
    };
}

expectations! {
    objects:
        what_is_created_has_an_identity_and_cannot_be_created_twice,
        what_is_not_there_is_not_found,
        nothing_is_created_in_a_namespace_that_is_not_there,
        object_in_another_namespace_than_the_address_is_refused,
        lists_are_cut_by_labels_names_and_limits,
        dry_run_stores_nothing,
        dry_runs_are_authorised_and_checked_as_any_other_write,
        deleted_namespace_takes_its_content_along,
        watch_tells_what_changes,
        table_has_a_row_an_object;
    writes:
        put_with_an_old_revision_is_refused,
        put_without_a_revision_overwrites,
        put_of_an_absent_binding_creates_it_but_not_with_the_uid_of_the_old_one,
        put_of_an_absent_config_map_is_not_found,
        merge_patch_with_an_old_revision_is_refused,
        merge_patch_changes_the_named_keys_alone,
        write_that_changes_nothing_makes_no_revision,
        each_key_belongs_to_who_wrote_it_last,
        apply_takes_no_key_of_another_without_force,
        apply_after_a_deletion_creates_again,
        deletion_of_another_than_meant_is_refused,
        finalizer_holds_a_deleted_binding_until_it_is_taken_off;
    rbac:
        role_of_a_binding_cannot_be_changed,
        roles_and_bindings_are_checked_before_they_are_stored,
        names_are_path_segments,
        labels_are_short_and_annotations_are_not,
        config_map_is_limited_to_a_mebibyte,
        built_in_roles_are_what_they_are_known_for,
        aggregated_role_follows_its_parts,
        nobody_grants_what_they_do_not_hold,
        right_to_bind_one_role_is_no_right_to_bind_another,
        nobody_makes_a_role_of_what_they_do_not_hold;
    access:
        unbound_user_is_forbidden_in_words,
        binding_of_view_lets_see_pods_and_no_secrets,
        review_takes_its_groups_literally,
        review_of_nothing_or_of_two_things_is_invalid,
        binding_on_its_way_out_still_grants_until_its_subjects_go,
        binding_to_an_absent_role_grants_nothing,
        resource_names_limit_a_rule,
        wildcards_and_subresources_are_told_apart,
        rules_review_lists_what_one_holds,
        self_review_says_what_one_may_oneself,
        who_am_i_says_who_i_am,
        impersonation_needs_the_right_to_it;
}

/// A new simulated cluster, and a client that is its administrator.
async fn simulator() -> (Server, kube::Client) {
    let identify: Identify = Arc::new(|_, _| Box::pin(async { Err("nobody signs in by AWS here".to_owned()) }));
    let seed = Seed::new(ACCOUNT, "eu-west-1", &["payments"], &[]);
    let server = Server::start(ServerConfig::new("contract", seed, identify)).await.expect("a port is free");
    let mut config = kube::Config::new(server.url().parse().expect("an address"));
    config.root_cert = Some(vec![client::der(server.ca_pem())]);
    config.auth_info.token = Some(server.admin_token().to_owned().into());
    config.default_retry = false;
    let client = kube::Client::try_from(config).expect("a configuration is whole");
    (server, client)
}
