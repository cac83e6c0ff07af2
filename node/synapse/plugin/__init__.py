"""What Synapse loads of ours: the only place that imports Synapse, and it runs inside Synapse's process."""
