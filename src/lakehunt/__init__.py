"""AWS security logs in S3, asked the right questions with SQL."""

__version__ = "0.1.0"
__all__ = ["__version__"]
