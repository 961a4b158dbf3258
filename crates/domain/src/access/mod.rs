//! People, clusters, profiles, policies, requests and grants.
