// The trained tables of the ink codec; the same as protocol/ink/tables.go. docs/ink.md says what they mean.

/** Predictors of a step of x or y from the four steps before it, in 1/64, one after the other. */
export const lpc = Int32Array.of(
  47, 19, 3, -6,
  80, 3, -9, -14,
  84, -10, -9, -9,
  39, 16, -8, -7,
  17, 23, 16, 2,
  61, 23, -1, -20,
);

/** Predictors of a step of the pressure from the two steps before it, likewise. */
export const plc = Int32Array.of(
  11, 2,
  32, 12,
  72, -12,
);

/** The chance of a one in every context at the start of a stroke, in 1/256: a byte each, in base 64. */
export const table64 =
  "l0idqnM0OC5FBl2AgICAgICAgIAxPReigICAgF9EeySfkqysdkdTK0MgXHZvSYCAgICAgD1ADzC7aUmASWZsLrGitZtzTmItNQQkgICAgICAgICAP0YrNoCAgIBTZnY3vbXE" +
  "kG5Xejk6DCeLPV2AgICAgIBLPDAXZieigFNoXkTHwsuHdFqPSzkLCHddgICAgICAgFI9MRVVooCAWWZnRtHH0oVxY55eQRcONzOAgICAgICAXEZAF28zgIBcamBY1MvUhXRt" +
  "qnBMKg40TV2AgICAgIBjST0ePlldgGRzdFjiyN2BcWS7kWg5HSYiSYCAgICAgGhYRy9LMEmAanBuYu3T74Fgc9Svf0YoJCozgICAgICAeGZQNSRUgIBxenFk9MzxgV1838KX" +
  "YjwjHDNdgICAgIB/aVVKTRkgXXp/iW742fZ4c3br27hzQi4oIICAgICAgISCaE9BOFCAhJCMcPzl+XV9d/HjxZhjOCMUgICAgICAhH1oX0EtFICIlo1u++/4f32I9uvbt4xQ" +
  "GyiiXYCAgICKaWZtTj4YXZmGlXf47Pp+fXv37+DLnWIhPE1dgICAgIF1dm9YQD9vm3lya4CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAo2WvqoNLUSdYX1gorzyA" +
  "gICAgIBSN1pESWaWgGhdVHGko6Wwh2hiNjlONiaOSYCAgICAgEEtQ0E+VYCAVlxiZL60t6yOb4RHNE0+KogzgICAgICATz9CSjVjWYBfZktd1svOpY19nmQ6O0A2jBeAgICA" +
  "gIBhSDlMJilLgF1jWV7b0d2gkI65gVY8RlSsCYCAgICAgGhSPEJDKSuAbG5RbuHa4quVkMOZcUlFZ9EDgICAgICAaWJMPDIpD4BubWJx693iqpWYzauRZUhayQOAgICAgIBt" +
  "X2lGQSYjgG9yaG3s4eapk53UvamLV1GlAYCAgICAgGNqZlMuTRCAcHNydfLj7rqms97GsZtXUncDgICAgICAdGCGRWNQFoB5cXKL7t3jq4OUzLikmWtubgKAgICAgIBkZlpb" +
  "VW4VgHhuV3/s6O2qlqDTsqClf11DB4CAgICAgHZZX2dWVA2AboBye+za4aGLj7yoiIB+WUEJgICAgICAZm9IbFBNCYBtiVFg+O35ShlH9OvmnkCHhgGAgICAgIB2g49SMZkJ" +
  "gH59loOAWoCAmoDivkpxagGAgICAgICAgIAqlYYjgICAFnRxNoCUgIDBgIKnlaBjtywTVDeAgICATkWCdk55SVR6ciw2gKOAgAiADqC2xqMmIVNwa4CAgIBiVWNSRjRBj11m" +
  "UInRgHBwgAIIRIvRB4CAgICAgICAgDwmogmAgICARpZp0u+A9KCAD9jS0JBbGh1kbnWAgICAVYRrZCoyUm5yjntwgP6AgHmA/v7+/v7+/Pny5smaKhuqYklnhYVocEyScraA" +
  "/oCAg4D+/v7+/v7+/v7++/j0ppmAgDhmzEZngICAgIDvgIB2gOTRucCPRQ8NgICAgICAdlx3c11DDYB3e4N5pw==";
