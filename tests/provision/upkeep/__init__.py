"""metlo-mirror's verify, sync and policy against the fake AWS."""
