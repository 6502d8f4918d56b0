"""Looking after the installation: health, clusters, mapping rules."""
