"""Searches the parameters of the dense CRF on held-out images, coarse to fine."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
