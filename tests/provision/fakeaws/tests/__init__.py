"""Tests of the fake with the official AWS CLI as its client."""
