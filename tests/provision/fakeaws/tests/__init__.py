"""Tests of the fake: the official AWS CLI as its client."""
