/* messages - the kinds of line the daemon writes to the journal, each with its MESSAGE_ID.  The journal
 * catalog (systemd/admin-assistant.catalog) explains each of them to the owner. */
#ifndef DAEMON_MESSAGES_H
#define DAEMON_MESSAGES_H

#define MESSAGE_STARTED       "bfa1fa445f7ad8c8f818c3526e7e2bb9"
#define MESSAGE_STOPPED       "33a326104dca26fc4da8eedd90ee62ee"
#define MESSAGE_RUN_OK        "1dd671b773cb6eca161f1b82507b9d4d"
#define MESSAGE_RUN_PART      "3ea3db2d684277ae63105d5e79757e84"
#define MESSAGE_RUN_FAIL      "8562e8882e20f34cd595a501add6e838"
#define MESSAGE_RUN_WAIT      "be91f72fb380dd83b15bad5ab27dc450"
#define MESSAGE_TROUBLE       "7a61327802f9f7750b6c5400b5ef0373"
#define MESSAGE_LOGIN         "c7487bd4e16354ce69a250787359ce0e"
#define MESSAGE_STATUS        "d61bb7462571d1ea705986cbd10a8639"
#define MESSAGE_UPGRADE       "48e797d642592755f46acf8381af7475"
#define MESSAGE_ROUND         "f75ba45c9545beb11b464bfd1b1d9b4b"
#define MESSAGE_LATE          "805199af6c83351a83d5c3d24db442d1"
#define MESSAGE_MISSED        "65be68968db5d65f08c5b7f576d6a8f1"
#define MESSAGE_SKIPPED       "31fc455bc0da303d1866534a6f9a5b7b"
#define MESSAGE_LINE          "1364e93eafabb37d2598478f1f938299"
#define MESSAGE_OVERDUE       "623974d75dcc0a94c6376d9e5b70020e"
#define MESSAGE_CLOCK         "5b4298b5cc6b6ac481b64a3ed417e290"
#define MESSAGE_ZONES         "af29d370b2b5b70ce498fad11873e0c6"
#define MESSAGE_RELOADED      "9541e97238266473fe85828b4b53a400"
#define MESSAGE_RELOAD_FAILED "f752b8977b92d44760ca5348df24ce15"
#define MESSAGE_STALLED       "4e9b4db516f65ab500fd980b2ed29576"
#define MESSAGE_REPLACED      "e807d41c941170f759ec3d7e5a3b49bf"
#define MESSAGE_DOCUMENTS     "c1b7d3a0e58f4c62a9d4e2f70b1c8a35"
#define MESSAGE_UPLOADED      "1a5dbffb4240761212f9544b6fb5f440"
#define MESSAGE_UPLOAD_WAIT   "e4a167674cd7a7f910b968fe7f048d1a"
#define MESSAGE_UPLOAD_FAILED "74be7dd50f5b64b3825546d61e9663a4"

#endif
