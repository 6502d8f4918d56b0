"""Break glass: what two sealed credentials may do when nobody can sign in, who used them, and who looked."""
