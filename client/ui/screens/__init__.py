"""The screens of the terminal client, each with its own style sheet."""
