"""Makes one HTML file of evaluations: scores, plots, every image with its label maps."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
