"""Operations: plans, travel times, dispatch, activations and drills. Above sensing, below the faces."""
