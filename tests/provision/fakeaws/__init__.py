"""A fake AWS that checks the contract: see README.md beside this file."""
