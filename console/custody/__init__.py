"""What is kept: retention, legal holds, erasures, and the changes to them that take two people."""
