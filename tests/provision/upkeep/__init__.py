"""verify, sync and policy of metlo-mirror against the fake AWS."""
