/* A certificate for 127.0.0.1 and localhost under a CA that lives as long as the server. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/graphsim/sim.h"

struct pair {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
};

static void pair_finish(struct pair *pair)
{
    if (pair->certificate) {
        gnutls_x509_crt_deinit(pair->certificate);
    }
    if (pair->key) {
        gnutls_x509_privkey_deinit(pair->key);
    }
}

/* gnutls returns negative codes; the first one stays. */
static void keep(int *r, int code)
{
    *r = *r < 0 ? *r : code < 0 ? code : 0;
}

static int pair_init(struct pair *pair, const char *name)
{
    int r = 0;
    unsigned char serial[16];
    time_t now = (time_t)(clock_wall_ms(&clock_real) / MS_PER_SECOND);
    clock_real.random(&clock_real, serial, sizeof serial);
    serial[0] &= 0x7f;
    keep(&r, gnutls_x509_privkey_init(&pair->key));
    keep(&r, gnutls_x509_crt_init(&pair->certificate));
    if (r < 0) {
        return r;
    }
    keep(&r, gnutls_x509_privkey_generate(pair->key, GNUTLS_PK_ECDSA,
                                          GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    keep(&r, gnutls_x509_crt_set_version(pair->certificate, 3));
    keep(&r, gnutls_x509_crt_set_serial(pair->certificate, serial, sizeof serial));
    keep(&r, gnutls_x509_crt_set_activation_time(pair->certificate, now - 86400));
    keep(&r, gnutls_x509_crt_set_expiration_time(pair->certificate, now + 30 * 86400));
    keep(&r, gnutls_x509_crt_set_dn_by_oid(pair->certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                           (unsigned)strlen(name)));
    keep(&r, gnutls_x509_crt_set_key(pair->certificate, pair->key));
    return r;
}

static int make_ca(struct pair *ca)
{
    int r = pair_init(ca, "graphsim throw-away CA");
    if (r == 0) {
        keep(&r, gnutls_x509_crt_set_basic_constraints(ca->certificate, 1, -1));
        keep(&r,
             gnutls_x509_crt_set_key_usage(ca->certificate, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
        keep(&r, gnutls_x509_crt_sign2(ca->certificate, ca->certificate, ca->key, GNUTLS_DIG_SHA256, 0));
    }
    return r;
}

static int make_server(struct pair *server, const struct pair *ca)
{
    static const char host[] = "localhost";
    struct in_addr address = {.s_addr = htonl(INADDR_LOOPBACK)};
    int r = pair_init(server, "graphsim");
    if (r == 0) {
        keep(&r, gnutls_x509_crt_set_basic_constraints(server->certificate, 0, -1));
        keep(&r, gnutls_x509_crt_set_key_usage(server->certificate, GNUTLS_KEY_DIGITAL_SIGNATURE));
        keep(&r, gnutls_x509_crt_set_key_purpose_oid(server->certificate, GNUTLS_KP_TLS_WWW_SERVER, 0));
        keep(&r, gnutls_x509_crt_set_subject_alt_name(server->certificate, GNUTLS_SAN_DNSNAME, host,
                                                      (unsigned)strlen(host), GNUTLS_FSAN_SET));
        keep(&r, gnutls_x509_crt_set_subject_alt_name(server->certificate, GNUTLS_SAN_IPADDRESS, &address,
                                                      sizeof address, GNUTLS_FSAN_APPEND));
        keep(&r, gnutls_x509_crt_sign2(server->certificate, ca->certificate, ca->key, GNUTLS_DIG_SHA256, 0));
    }
    return r;
}

static char *take_pem(gnutls_datum_t *pem)
{
    char *text = mem_strndup((const char *)pem->data, pem->size);
    gnutls_free(pem->data);
    return text;
}

/* Whoever waits for the file must never see half of it. */
static int write_file(const char *path, const char *text, struct err *e)
{
    char *temporary = mem_printf("%s.%d", path, (int)getpid());
    FILE *f = fopen(temporary, "we");
    bool good = f && fputs(text, f) >= 0;
    good = (!f || fclose(f) == 0) && good;
    good = good && rename(temporary, path) == 0;
    free(temporary);
    return good ? 0 : err_set(e, ERR_IO, errno, "can not write the CA to %s", path);
}

static int export_all(const struct pair *ca, const struct pair *server, const char *ca_file,
                      char **ret_certificate, char **ret_key, struct err *e)
{
    gnutls_datum_t ca_pem = {0};
    gnutls_datum_t pem = {0};
    gnutls_datum_t key = {0};
    int r = 0;
    keep(&r, gnutls_x509_crt_export2(ca->certificate, GNUTLS_X509_FMT_PEM, &ca_pem));
    keep(&r, gnutls_x509_crt_export2(server->certificate, GNUTLS_X509_FMT_PEM, &pem));
    keep(&r, gnutls_x509_privkey_export2(server->key, GNUTLS_X509_FMT_PEM, &key));
    if (r < 0) {
        gnutls_free(ca_pem.data);
        gnutls_free(pem.data);
        gnutls_free(key.data);
        return err_set(e, ERR_TLS, r, "can not export a certificate: %s", gnutls_strerror(r));
    }
    char *ca_text = take_pem(&ca_pem);
    *ret_certificate = take_pem(&pem);
    *ret_key = take_pem(&key);
    r = ca_file ? write_file(ca_file, ca_text, e) : 0;
    free(ca_text);
    return r;
}

int sim_tls_create(const char *ca_file, char **ret_certificate, char **ret_key, struct err *e)
{
    struct pair ca = {0};
    struct pair server = {0};
    int r = make_ca(&ca);
    if (r == 0) {
        r = make_server(&server, &ca);
    }
    if (r < 0) {
        r = err_set(e, ERR_TLS, r, "can not make a certificate: %s", gnutls_strerror(r));
    } else {
        r = export_all(&ca, &server, ca_file, ret_certificate, ret_key, e);
    }
    pair_finish(&server);
    pair_finish(&ca);
    return r;
}
