"""Where somebody is signed in: seen and ended by themselves, or by an admin."""
