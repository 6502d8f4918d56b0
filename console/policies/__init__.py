"""Policies as the console keeps them: each revision's files, which decides, and the engines that use it."""
