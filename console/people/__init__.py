"""People, teams and the rules that map claims to rights."""
