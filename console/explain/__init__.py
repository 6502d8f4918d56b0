"""Who may do what, why, and who could at any moment: answers from the history of what decisions read."""
