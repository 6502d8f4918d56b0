"""What is signed of the tree, by which keys, and whom to believe."""
