"""What is believed, and why: canonical JSON, signatures, the manifest, attestations."""
