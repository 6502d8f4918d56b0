"""Sign-in, step-up and sign-out: pages that lead to the identity provider and back."""
