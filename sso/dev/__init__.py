"""A development OpenID provider with five made-up people: embedded profile and loopback only."""
