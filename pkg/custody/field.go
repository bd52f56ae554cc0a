package custody

import "recover/internal/bech32"

// element is an element a + bζ of GF(1024), a in the low five bits and b above
// them: the extension of GF(32), which is that of bech32 (x⁵ = x³ + 1, BIP-173),
// by ζ² = ζ + 1. The elements below 32 are GF(32) itself.
type element uint16

const (
	primitive element = 2 | 1<<5  // 2 + ζ, of order 1023
	beta      element = 8 << 5    // of order 93; the code's roots are powers of it
	order             = 1<<10 - 1 // of the multiplicative group
)

var powers, logs = tables()

func tables() (power [order]element, log [order + 1]int) {
	e := element(1)
	for i := range power {
		power[i], log[e] = e, i
		e = slowMul(e, primitive)
	}
	return power, log
}

func slowMul(a, b element) element {
	low, high := mul32(a&31, b&31), mul32(a>>5, b>>5)
	mixed := mul32(a&31, b>>5) ^ mul32(a>>5, b&31)
	return low ^ high | (mixed^high)<<5
}

func mul32(a, b element) element { return element(bech32.Mul(byte(a), byte(b))) }

func mul(a, b element) element {
	if a == 0 || b == 0 {
		return 0
	}
	return powers[(logs[a]+logs[b])%order]
}

// pow returns a to the power of n, which may be negative; a is not zero.
func pow(a element, n int) element {
	return powers[((logs[a]*n)%order+order)%order]
}

// poly is a polynomial over GF(1024), the constant term first.
type poly []element

func (p poly) eval(x element) (v element) {
	for i := len(p) - 1; i >= 0; i-- {
		v = mul(v, x) ^ p[i]
	}
	return v
}

// evalDerivative evaluates the formal derivative: in characteristic 2 the even
// terms vanish.
func (p poly) evalDerivative(x element) (v element) {
	for i := 1; i < len(p); i += 2 {
		v ^= mul(p[i], pow(x, i-1))
	}
	return v
}

func (p poly) times(q poly) poly {
	product := make(poly, len(p)+len(q)-1)
	for i, a := range p {
		for j, b := range q {
			product[i+j] ^= mul(a, b)
		}
	}
	return product
}

// plusShifted returns p + c·zⁿ·q.
func (p poly) plusShifted(c element, n int, q poly) poly {
	sum := make(poly, max(len(p), len(q)+n))
	copy(sum, p)
	for i, a := range q {
		sum[i+n] ^= mul(c, a)
	}
	return sum
}

// trim removes leading zero coefficients.
func (p poly) trim() poly {
	for len(p) > 0 && p[len(p)-1] == 0 {
		p = p[:len(p)-1]
	}
	return p
}
