"""The AWS of the sandbox: ministack in a process of ours, mended where it differs from AWS, and seeded."""
