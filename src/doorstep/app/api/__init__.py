"""What the API needs beside its answers: keys, limits, repeated requests."""
