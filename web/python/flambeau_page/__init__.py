"""The playground's driver: runs the user's program in the page's worker and tells the page what happens."""
