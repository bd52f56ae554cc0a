// Package custody splits the recovery key among several holders, of whom some
// have to come together to bring it back.
//
// # The form
//
// Split seals the recovery key, as PEM, to a fresh age X25519 identity, and
// splits that identity's 32 bytes with vault/shamir, into points of polynomials
// over GF(2⁸). What comes of it is a sealed key, the same for all holders, and
// a share for each. Shamir's scheme alone knows nothing: too few shares, those
// of two sets, or a flipped bit give a wrong secret and no error. So each of
// these has its own guard here:
//
//   - A share string has a checksum (BIP-93). Typing errors are found by it, and
//     mostly told where they are; a correction is suggested, never applied.
//   - The description of a set holds a salted hash of each of its shares, so that
//     each is checked by itself at the moment it is given, and a wrong one named.
//   - The set ID is a hash of the description. Every share string holds it.
//   - A Quorum exists only when there are enough shares, all of them lie on the
//     same polynomials, and the identity that they make opens the sealed key;
//     Open gives out only the key with the fingerprint that the set is for.
//
// # Where the description is
//
// The description (recovery key, date, threshold, holders' names, salt and
// hashes) stands in the header of the sealed key, as a stanza that the age
// tools pass over. There every holder has it, and it cannot be lost apart from
// the file without which the shares are worth nothing: a string that was typed
// from paper can be checked wherever it can be used. A page, share.txt, repeats
// for people what concerns its share; where it differs from the string or the
// description, it is refused. The string itself holds what refuses a wrong one
// on sight: version, day, set ID, threshold, count and index.
//
// The hashes help nobody who guesses. Without enough shares, each of the others
// is 256 bits that can be anything, and a guess at them is a guess at the
// identity, which can be tried on the sealed key as well. But they, like the
// sealed key itself, make the secrecy one of computation, where Shamir's scheme
// alone would be unconditional.
//
// # What it does not do
//
// The one who splits sees the whole key; so does the machine on which it is
// brought back. A holder who lies can only refuse. Someone who changes the
// sealed key can make shares be refused, but no key come out that is not the
// set's; whether the set is for the right key, only its fingerprint tells.
// Old shares open the old sealed key for ever: a new set does not end that, only
// the destruction of all copies of the file does. Secrets are wiped where they
// are byte slices; the strings that age and the QR coder take, and the numbers
// inside an rsa.PrivateKey, stay until they are collected. age's plugins are not
// supported, for they would have to be run as programs.
package custody
