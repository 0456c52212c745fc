"""A fake AWS that validates requests against the official models; see README.md."""
