"""What MLX Knife adds to mlx_lm.server, as patches that may each be missing. See launcher.py."""
