//! API servers, on the simulator and on kube-apiserver with the authenticator in front. The adapter has exactly the
//! worker's rights, as `latchkey bootstrap` grants them.

mod bindings;
mod observing;
mod reviewing;
mod world;

pub(super) use world::World;
pub use world::base64;

/// Every expectation as a test of its own on each kind of cluster.
macro_rules! expectations {
    ($($file:ident: $($name:ident),+ $(,)?;)+) => {
        mod on_the_simulator {
            $($(#[tokio::test]
            async fn $name() {
                super::$file::$name(super::World::simulated().await).await;
            })+)+
        }

        mod on_a_real_api_server {
            $($(#[tokio::test]
            async fn $name() {
                let Some(world) = super::World::real().await else { return };
                super::$file::$name(world).await;
            })+)+
        }
    };
}

expectations! {
    observing:
        observation_holds_what_matters_to_access,
        kinds_are_those_of_kubernetes_and_of_custom_resources,
        discovery_that_did_not_change_is_answered_without_a_body,
        one_key_of_aws_auth_is_written_and_no_other,
        owners_of_keys_are_told,
        stale_write_of_aws_auth_conflicts,
        marker_says_whose_cluster_it_is;
    bindings:
        binding_is_made_once,
        deleted_binding_does_not_come_back_by_a_put,
        emptied_binding_grants_nothing_and_loses_its_finalizers,
        binding_to_a_role_that_may_not_be_bound_still_goes,
        another_binding_of_the_same_name_is_not_deleted,
        binding_in_an_absent_namespace_is_not_found,
        role_that_may_not_be_bound_is_named;
    reviewing:
        reviews_follow_a_binding,
        own_role_is_made_once_and_goes_by_its_uid,
        whoever_is_not_mapped_is_told_so;
}
